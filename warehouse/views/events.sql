-- grain: One coded event as the newest wording of an article tells it; status actual, planned or historical, and as sure as the workspace asks ([coding] confidence in dateline.toml)
-- key: event_id
-- clock: date_start (when it happened), published_at (when it was told, naive UTC)
-- note: events_newest has those of any status and confidence; what was coded before there was a tagger is here whatever its confidence
-- example: select date_start, actor_name, event_type, recipient_name, support from events order by date_start desc limit 10
create view events as
from events_newest
where status in ('actual', 'planned', 'historical') and (confidence >= $confidence or tellings is null);
