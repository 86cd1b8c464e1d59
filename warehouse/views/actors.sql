-- grain: One participant (name, country, sector) and how often it acts and is acted on
-- key: name, country, sector
-- clock: first_day and last_day, from date_start of its events
-- example: select name, country, sector, events, as_actor, as_recipient from actors order by events desc limit 10
-- column name: Resolved name, or the words themselves where only a country is known
-- column events: Events it takes part in
-- column as_actor: Events in which it acts
-- column as_recipient: Events in which it is acted on
-- column first_day: First day of its earliest event
-- column last_day: First day of its latest event
-- column example_text: One way in which it was named
create view actors as
select
    coalesce(who.name, who.text) as name, who.country, who.sector,
    count(distinct event_id) as events,
    count(distinct event_id) filter (where who.role = 'actor') as as_actor,
    count(distinct event_id) filter (where who.role = 'recipient') as as_recipient,
    min(date_start) as first_day, max(date_start) as last_day,
    any_value(who.text) as example_text
from event_actors as who join (select event_id, date_start from events) as happened using (event_id)
where who.name is not null or who.country is not null
group by coalesce(who.name, who.text), who.country, who.sector;
