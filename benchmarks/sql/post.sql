\set source random(1, :tens)
\set distance random(1, :tens - 1)
\set from_id :source * 10
\set to_id ((:source + :distance) % :tens + 1) * 10
\set reference random(1, 1000000000000000)
\set amount random(1, 50000)
\set debit 0 - :amount
SELECT outcome FROM transactions_post(uuidv7(), 'PAY-' || :reference::bigint, 'Card payment', NULL, '{"channel": "web", "order": 1234567}', ARRAY[:from_id, :to_id]::bigint[], ARRAY[:debit, :amount]::numeric[], NULL);
