-- grain: Events in which a country acts or is acted on, or that happened there, by day
-- key: event_id
-- clock: date_start
-- example: from timeline('UKR') limit 10
create macro timeline(country) as table
select
    date_start, event_type, event_mode, status, actor_name, actor_country, recipient_name, recipient_country, place_name,
    support, title, url, source, published_at, event_id, article_id
from events
where list_contains(actor_countries, country) or list_contains(recipient_countries, country) or place_country = country
order by date_start, event_id;
