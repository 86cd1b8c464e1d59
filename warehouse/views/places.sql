-- grain: One place of the gazetteer that articles are resolved against (GeoNames, CC BY 4.0, and own tables)
-- key: geoname_id, where it has one
-- clock: none
-- example: select name, kind, country, admin1, lat, lon from places where list_contains(spellings, 'springfield')
-- column geoname_id: Its id at geonames.org, null for places of our own tables
-- column name: Its usual name
-- column kind: country, region, district, city, continent, area, water, island, mountain or site
-- column country: Country, ISO 3166-1 alpha-3, null for what belongs to none
-- column admin1: First-level division it lies in
-- column lat: Latitude of its point, WGS 84 degrees
-- column lon: Longitude of its point, WGS 84 degrees
-- column population: Inhabitants, of a division the sum of its towns
-- column spellings: Folded names it is found by (lower case, no accents)
create view places as
select geoname_id, name, kind, country, admin1, lat, lon, population, spellings
from $places;
