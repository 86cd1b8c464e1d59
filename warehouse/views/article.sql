-- grain: All wordings of one article, by its article_id, version_id or URL, the last committed first
-- key: version_id
-- clock: loaded_at, naive UTC
-- example: select title, text from article('https://news.example/2026/11/border-talks')
create macro article(id) as table
select * from articles_all
where article_id = id or version_id = id or url = id or canonical_url = id
order by loaded_at desc;
