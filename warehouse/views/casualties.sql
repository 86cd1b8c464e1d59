-- grain: One event and one kind of harm to people: killed, injured, missing or displaced
-- key: event_id, kind
-- clock: date_start
-- example: select date_start, place_name, kind, value, support from casualties order by value desc limit 10
create view casualties as
with harm as (
    select *, unnest([
        {'kind': 'killed', 'value': killed}, {'kind': 'injured', 'value': injured},
        {'kind': 'missing', 'value': missing}, {'kind': 'displaced', 'value': displaced}
    ]) as number
    from events
    where coalesce(killed, injured, missing, displaced) is not null
)
select
    event_id, date_start, date_end, number.kind as kind, number.value as value, event_type, status, place_name, place_country,
    admin1, lat, lon, actor_name, actor_country, recipient_name, recipient_country, attribution, support,
    title, url, source, published_at, article_id, version_id
from harm
where number.value is not null;
