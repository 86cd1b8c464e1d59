-- grain: The newest wording of each article
-- key: version_id (article_id is unique too)
-- clock: published_at, naive UTC
-- example: select published_at, source, title from articles order by published_at desc limit 10
create view articles as
from articles_newest;
