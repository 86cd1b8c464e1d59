-- grain: Articles whose title or text matches a regular expression (begin with (?i) to ignore case), newest first
-- key: version_id
-- clock: published_at, naive UTC
-- example: select published_at, title, found from search('(?i)ceasefire') limit 10
-- column found: The first match with its surroundings; null when only the title matches
create macro search(pattern) as table
select
    published_at, source, title, url, nullif(regexp_extract(text, '.{0,80}(?:' || pattern || ').{0,80}'), '') as found,
    article_id, version_id
from articles
where regexp_matches(text, pattern) or regexp_matches(title, pattern)
order by published_at desc nulls last;
