-- grain: One event in the 61 columns of GDELT 2.0 (codebook names), a row per report; CAMEO root and base codes from PLOVER type and mode
-- key: GlobalEventID (60 bits of event_id)
-- clock: Day (the event's first day, YYYYMMDD), DATEADDED (when it was loaded, UTC)
-- example: select Day, Actor1CountryCode, Actor2CountryCode, EventRootCode, ActionGeo_FullName, SOURCEURL from events_gdelt limit 10
-- null: Actor1EthnicCode, Actor1Religion1Code, Actor1Religion2Code, Actor2EthnicCode, Actor2Religion1Code, Actor2Religion2Code, IsRootEvent, AvgTone, Actor1Geo_* and Actor2Geo_*, ActionGeo_ADM1Code, ActionGeo_ADM2Code
-- note: GoldsteinScale is PLOVER's score of the type, EventCode is never finer than EventBaseCode; fighting by the military is root 19, by others 18
-- columns: As the GDELT 2.0 event codebook defines it, where it can be derived
create view events_gdelt as
with coded as (
    select
        e.*, c.root, c.base, a.cameo as actor_cameo, r.cameo as recipient_cameo, p.fips as place_fips,
        e.event_type = 'ASSAULT' and e.event_mode is null and e.actor_sector = 'MIL' as fight
    from events as e
    join cameo_codes as c on c.event_type = e.event_type and c.event_mode is not distinct from e.event_mode
    left join country_codes as a on a.country = e.actor_country
    left join country_codes as r on r.country = e.recipient_country
    left join country_codes as p on p.country = e.place_country
    where e.status <> 'planned'
),
typed as (
    select *, case actor_sector when 'JRN' then 'MED' when 'MED' then 'HLH' else actor_sector end as actor_type,
        case recipient_sector when 'JRN' then 'MED' when 'MED' then 'HLH' else recipient_sector end as recipient_type,
        case actor_country when 'UNO' then 'UNO' when 'EUR' then 'EEC' end as actor_group,
        case recipient_country when 'UNO' then 'UNO' when 'EUR' then 'EEC' end as recipient_group,
        case when actor_country in ('IGO', 'NGO', 'MNC') then actor_country end as actor_kind,
        case when recipient_country in ('IGO', 'NGO', 'MNC') then recipient_country end as recipient_kind
    from coded
)
select
    ('0x' || event_id[:15])::bigint as GlobalEventID,
    strftime(date_start, '%Y%m%d')::integer as Day,
    strftime(date_start, '%Y%m')::integer as MonthYear,
    year(date_start)::integer as Year,
    round(year(date_start) + (month(date_start) * 30 + day(date_start)) / 365, 4) as FractionDate,
    nullif(concat(coalesce(actor_cameo, actor_group, actor_kind), actor_type), '') as Actor1Code,
    upper(actor_name) as Actor1Name,
    actor_cameo as Actor1CountryCode,
    actor_group as Actor1KnownGroupCode,
    null::varchar as Actor1EthnicCode,
    null::varchar as Actor1Religion1Code,
    null::varchar as Actor1Religion2Code,
    coalesce(actor_type, actor_kind) as Actor1Type1Code,
    case when actor_type is not null then actor_kind end as Actor1Type2Code,
    null::varchar as Actor1Type3Code,
    nullif(concat(coalesce(recipient_cameo, recipient_group, recipient_kind), recipient_type), '') as Actor2Code,
    upper(recipient_name) as Actor2Name,
    recipient_cameo as Actor2CountryCode,
    recipient_group as Actor2KnownGroupCode,
    null::varchar as Actor2EthnicCode,
    null::varchar as Actor2Religion1Code,
    null::varchar as Actor2Religion2Code,
    coalesce(recipient_type, recipient_kind) as Actor2Type1Code,
    case when recipient_type is not null then recipient_kind end as Actor2Type2Code,
    null::varchar as Actor2Type3Code,
    null::integer as IsRootEvent,
    case when fight then '190' else base end as EventCode,
    case when fight then '190' else base end as EventBaseCode,
    case when fight then '19' else root end as EventRootCode,
    quad_class as QuadClass,
    score as GoldsteinScale,
    1::integer as NumMentions,
    1::integer as NumSources,
    1::integer as NumArticles,
    null::double as AvgTone,
    null::integer as Actor1Geo_Type,
    null::varchar as Actor1Geo_FullName,
    null::varchar as Actor1Geo_CountryCode,
    null::varchar as Actor1Geo_ADM1Code,
    null::varchar as Actor1Geo_ADM2Code,
    null::double as Actor1Geo_Lat,
    null::double as Actor1Geo_Long,
    null::varchar as Actor1Geo_FeatureID,
    null::integer as Actor2Geo_Type,
    null::varchar as Actor2Geo_FullName,
    null::varchar as Actor2Geo_CountryCode,
    null::varchar as Actor2Geo_ADM1Code,
    null::varchar as Actor2Geo_ADM2Code,
    null::double as Actor2Geo_Lat,
    null::double as Actor2Geo_Long,
    null::varchar as Actor2Geo_FeatureID,
    case
        when place_name is null then null
        when place_precision = 'country' then 1
        when place_precision = 'region' then case place_country when 'USA' then 2 else 5 end
        else case place_country when 'USA' then 3 else 4 end
    end::integer as ActionGeo_Type,
    concat_ws(', ', place_name, nullif(admin1, place_name), nullif(place_country, place_name)) as ActionGeo_FullName,
    place_fips as ActionGeo_CountryCode,
    null::varchar as ActionGeo_ADM1Code,
    null::varchar as ActionGeo_ADM2Code,
    lat as ActionGeo_Lat,
    lon as ActionGeo_Long,
    geoname_id::varchar as ActionGeo_FeatureID,
    strftime(loaded_at, '%Y%m%d%H%M%S')::bigint as DATEADDED,
    url as SOURCEURL
from typed;
