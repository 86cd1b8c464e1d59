-- grain: One day, event type, actor country and recipient country: how many reports, from how many articles and sources
-- key: day, event_type, actor_country, recipient_country
-- clock: day (date_start of the events; events without a date are left out)
-- example: select day, sum(events) as assaults from events_daily where event_type = 'ASSAULT' group by day order by day desc limit 10
-- column day: First day of the events
-- column events: Reports of such events (one event told by three articles is three)
-- column articles: Articles that tell of them
-- column sources: Sources that tell of them
-- column score: Mean score
-- column killed_reported: Sum of the numbers reported, not of people: reports of one event add up
-- column injured_reported: Sum of the numbers reported, not of people: reports of one event add up
create view events_daily as
select
    date_start as day, event_type, any_value(quad_class) as quad_class, actor_country, recipient_country,
    count(*) as events, count(distinct article_id) as articles, count(distinct source) as sources,
    avg(score) as score, sum(killed) as killed_reported, sum(injured) as injured_reported
from events
where date_start is not null and status <> 'planned'
group by date_start, event_type, actor_country, recipient_country;
