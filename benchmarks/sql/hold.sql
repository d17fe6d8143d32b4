\set source random(1, :tens)
\set distance random(1, :tens - 1)
\set from_id :source * 10
\set to_id ((:source + :distance) % :tens + 1) * 10
\set reference random(1, 1000000000000000)
\set amount random(1, 50000)
\set debit 0 - :amount
SELECT coalesce(posted_id, 0) AS posted_id, outcome FROM transactions_hold(uuidv7(), 'HLD-' || :reference::bigint, 'Card payment', NULL, '{"channel": "web", "order": 1234567}', ARRAY[:from_id, :to_id]::bigint[], ARRAY[:debit, :amount]::numeric[], NULL, NULL, NULL) \gset held_
SELECT outcome FROM transactions_settle('COMMIT', :held_posted_id, uuidv7(), 'CMT-' || :reference::bigint, '', NULL, '{}', NULL, NULL);
