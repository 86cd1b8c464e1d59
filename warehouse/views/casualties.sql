-- grain: One event and one kind of harm to people (killed, injured, missing or displaced); of several numbers the first said
-- key: event_id, kind
-- clock: date_start
-- example: select date_start, place_name, kind, qualifier, value, support from casualties order by value desc limit 10
-- column number_text: The words of the number
create view casualties as
with harm as (
    select event_id, kind, arg_min(struct_pack(qualifier, value, value_max, text), ordinal) as said
    from event_magnitudes
    where kind in ('killed', 'injured', 'missing', 'displaced')
    group by event_id, kind
)
select
    event_id, date_start, date_end, kind, said.qualifier as qualifier, said.value as value, said.value_max as value_max,
    said.text as number_text, event_type, status, place_name, place_country, admin1, lat, lon,
    actor_name, actor_country, recipient_name, recipient_country, attribution, support,
    title, url, source, published_at, article_id, version_id
from harm join events using (event_id);
