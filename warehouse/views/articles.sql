-- grain: The newest wording of each article
-- key: version_id (article_id is unique too)
-- clock: published_at, naive UTC
-- example: select published_at, source, title from articles order by published_at desc limit 10
-- note: url is where it was found, else what a saved page calls its own address; articles_newest has it as captured
create view articles as
select * replace (coalesce(url, canonical_url) as url)
from articles_newest;
