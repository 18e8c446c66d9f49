-- +goose Up

-- Nearly all events are logins, logouts and grants of holders, and each index of the
-- log costs tens of bytes of every one of them, for years. What uses which:
--
--   primary key           export, verify, prune; the chain; what people are told by mail
--   audit_events_object   the history of a case or an account (pages, `account show`);
--                         the mails that were sent again; the log page, by object
--   audit_events_member   the log page, by one person; what an official looked at
--   audit_events_at       the log page, whole, by period, and for what is frequent:
--                         holders, and logins, logouts and grants
--   audit_events_refused  the log page, what was refused
--   audit_events_others   the log page, by a kind of actor other than holders
--   audit_events_rare     the log page, by any other action
--
-- audit_events_staff served what audit_events_member does, audit_events_actor and
-- audit_events_action what the last two do.
CREATE INDEX audit_events_others ON audit_events (actor_kind, at, seq) WHERE actor_kind <> 'holder';
CREATE INDEX audit_events_rare ON audit_events (action, at, seq) WHERE action <> 'account.login' AND action <> 'account.logout' AND action <> 'grant.issued';
DROP INDEX audit_events_staff;
DROP INDEX audit_events_actor;
DROP INDEX audit_events_action;
