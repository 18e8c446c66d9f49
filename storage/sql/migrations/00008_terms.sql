-- +goose Up

-- Until when an application has to be decided on; since when and until when
-- its applicant owes an answer, and how often that was said; on which day an
-- official was last told what is urgent.
ALTER TABLE applications ADD COLUMN due_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE applications ADD COLUMN asked_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE applications ADD COLUMN answer_by BIGINT NOT NULL DEFAULT 0;
ALTER TABLE applications ADD COLUMN reminders BIGINT NOT NULL DEFAULT 0;
ALTER TABLE staff ADD COLUMN told_on TEXT NOT NULL DEFAULT '';

-- What was sent before: eight weeks, and for what is open the time between
-- each question and its answer on top. A question of before gets four weeks.
UPDATE applications SET due_at = submitted_at + 4838400000 WHERE submitted_at > 0;
UPDATE applications SET asked_at = (SELECT MAX(at) FROM decisions WHERE application_id = applications.id AND kind = 'more')
    WHERE state = 'more_information';
UPDATE applications SET answer_by = asked_at + 2419200000 WHERE asked_at > 0;
UPDATE applications SET due_at = due_at + asked_at + (SELECT COALESCE(SUM(CASE WHEN kind = 'answer' THEN at ELSE -at END), 0)
        FROM decisions WHERE application_id = applications.id AND kind IN ('more', 'answer'))
    WHERE state IN ('submitted', 'in_review', 'more_information');
