-- grain: One coded event as the newest wording of an article tells it; status actual, planned or historical
-- key: event_id
-- clock: date_start (when it happened), published_at (when it was told, naive UTC)
-- example: select date_start, actor_name, event_type, recipient_name, support from events order by date_start desc limit 10
create view events as
select * from events_all
where status in ('actual', 'planned', 'historical')
  and version_id not in (select version_id from superseded);
