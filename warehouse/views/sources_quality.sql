-- grain: One source and day of loading: what came in, what was rejected, what the coder made of it
-- key: source, day
-- clock: day (loaded_at, naive UTC)
-- example: select source, day, articles, events_per_article, undated_share, rejects from sources_quality order by day desc, source limit 10
-- column day: Day of loading (UTC)
-- column articles: Wordings of articles stored
-- column coded: Articles the coder ran on
-- column events: Events coded, of any status and confidence
-- column events_per_article: Events per coded article
-- column undated_share: Share of articles without a date of publication
-- column words_per_article: Mean words of an article
-- column extract_confidence: Mean confidence in the body
-- column rejects: Inputs that gave no article
-- column commonest_reason: The commonest reason of rejection
create view sources_quality as
with told as (
    select
        coalesce(source, '') as source, loaded_at::date as day, count(*) as articles, count(*) filter (where coded) as coded,
        count(*) filter (where published_at is null) as undated, avg(word_count) as words, avg(extract_confidence) as confidence
    from articles_all group by all
),
happened as (
    select coalesce(source, '') as source, loaded_at::date as day, count(*) as events from events_all group by all
),
refused as (
    select
        coalesce(source, '') as source, loaded_at::date as day, count(*) as rejects, mode(reason) as commonest_reason
    from rejects group by all
)
select
    nullif(source, '') as source, day, coalesce(articles, 0) as articles, coalesce(coded, 0) as coded, coalesce(events, 0) as events,
    round(events / nullif(coded, 0), 2) as events_per_article, round(undated / nullif(articles, 0), 3) as undated_share,
    round(words, 0)::integer as words_per_article, round(confidence, 3) as extract_confidence,
    coalesce(rejects, 0) as rejects, commonest_reason
from told full join happened using (source, day) full join refused using (source, day);
