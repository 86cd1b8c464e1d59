-- grain: One event, of any status and confidence, with the words, the address and the rule it rests on
-- key: event_id
-- clock: published_at, naive UTC
-- example: select event_type, support, rule_id, url from event_evidence order by confidence limit 10
create view event_evidence as
select
    event_id, event_type, event_mode, status, actor_name, recipient_name, support, trigger, attribution, rule_id, confidence,
    title, url, source, published_at, article_id, version_id, char_start, char_end, load_id, extractor_version, lexicon_version
from events_newest;
