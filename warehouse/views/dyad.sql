-- grain: Events between two countries, either way, by day
-- key: event_id
-- clock: date_start
-- example: from dyad('USA', 'CHN') limit 10
create macro dyad(a, b) as table
select
    date_start, event_type, event_mode, quad_class, score, status, actor_name, actor_country, recipient_name, recipient_country,
    support, title, url, source, published_at, event_id, article_id
from events
where (list_contains(actor_countries, a) and list_contains(recipient_countries, b))
   or (list_contains(actor_countries, b) and list_contains(recipient_countries, a))
order by date_start, event_id;
