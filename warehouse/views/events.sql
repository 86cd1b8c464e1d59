-- grain: One coded event as the newest wording of an article tells it; status actual, planned or historical
-- key: event_id
-- clock: date_start (when it happened), published_at (when it was told, naive UTC)
-- example: select date_start, actor_name, event_type, recipient_name, support from events order by date_start desc limit 10
create view events as
select * from events_all anti join superseded using (version_id)
where status in ('actual', 'planned', 'historical');
