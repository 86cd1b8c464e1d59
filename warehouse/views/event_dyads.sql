-- grain: One pair of actor country and recipient country of an event
-- key: event_id, actor_country, recipient_country
-- clock: date_start
-- example: select actor_country, recipient_country, quad_class, count(*) as events from event_dyads group by all order by events desc limit 10
create view event_dyads as
with actors as (
    select * exclude (actor_country, actor_countries), unnest(actor_countries) as actor_country from events
)
select
    event_id, date_start, date_end, actor_country, unnest(recipient_countries) as recipient_country,
    event_type, event_mode, quad_class, score, status, actor_name, actor_sector, recipient_name, recipient_sector,
    support, confidence, article_id, version_id, title, url, source, published_at
from actors;
