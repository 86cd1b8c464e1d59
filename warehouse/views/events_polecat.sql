-- grain: One event in the 40 columns of POLECAT, a row per report; first actor and first recipient
-- key: "Event ID"
-- clock: "Event Date", "Publication Date"
-- example: select "Event Date", "Event Type", "Actor Name", "Recipient Name", "Placename" from events_polecat limit 10
-- null: Actor Title, Recipient Title, Wikipedia Actor ID, Wikipedia Recipient ID, City, District, Raw Placename, Feature Type, Story People, Story Organizations, Story Locations
-- columns: As POLECAT publishes it, where it can be derived
create view events_polecat as
with people as (
    select
        event_id, role, min_by("text", ordinal) as raw,
        min_by(list_distinct(list_prepend(sector, other_sectors)), ordinal) as sectors
    from event_actors group by event_id, role
)
select
    e.event_id as "Event ID",
    e.date_start as "Event Date",
    e.event_type as "Event Type",
    e.event_mode as "Event Mode",
    e.score as "Intensity",
    e.quad_class as "Quad Code",
    array_to_string(e.contexts, ',') as "Contexts",
    e.actor_name as "Actor Name",
    e.actor_country as "Actor Country",
    ac.cow as "Actor COW",
    e.actor_sector as "Primary Actor Sector",
    array_to_string(a.sectors, ',') as "Actor Sectors",
    null::varchar as "Actor Title",
    a.raw as "Actor Name Raw",
    null::varchar as "Wikipedia Actor ID",
    e.recipient_name as "Recipient Name",
    e.recipient_country as "Recipient Country",
    rc.cow as "Recipient COW",
    e.recipient_sector as "Primary Recipient Sector",
    array_to_string(r.sectors, ',') as "Recipient Sectors",
    null::varchar as "Recipient Title",
    r.raw as "Recipient Name Raw",
    null::varchar as "Wikipedia Recipient ID",
    e.place_name as "Placename",
    null::varchar as "City",
    null::varchar as "District",
    e.admin1 as "Province",
    e.place_country as "Country",
    e.lat as "Latitude",
    e.lon as "Longitude",
    e.geoname_id as "GeoNames ID",
    null::varchar as "Raw Placename",
    null::varchar as "Feature Type",
    e.source as "Source",
    e.published_at::date as "Publication Date",
    null::varchar as "Story People",
    null::varchar as "Story Organizations",
    null::varchar as "Story Locations",
    'en' as "Language",
    e.extractor_version as "Version"
from events as e
left join people as a on a.event_id = e.event_id and a.role = 'actor'
left join people as r on r.event_id = e.event_id and r.role = 'recipient'
left join country_codes as ac on ac.country = e.actor_country
left join country_codes as rc on rc.country = e.recipient_country
where e.status <> 'planned' and e.event_type not like 'x\_%' escape '\';
