INSERT INTO reports_rollmark (id, entry_id) VALUES (1, 0);

-- The position of the last entry of a balance that was recorded by a moment, 0 before the first.
-- The recorded time never falls as the position rises, so halving finds it.
CREATE OR REPLACE FUNCTION reports_position_by(p_balance bigint, p_moment timestamptz)
RETURNS bigint
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
DECLARE
    v_low bigint := 0;
    v_high bigint;
    v_middle bigint;
    v_last timestamptz;
BEGIN
    SELECT entry_count, last_entry_at INTO v_high, v_last
    FROM balances_balance WHERE id = p_balance;
    IF v_last <= p_moment THEN
        RETURN v_high;
    END IF;
    WHILE v_low < v_high LOOP
        v_middle := (v_low + v_high + 1) / 2;
        IF (SELECT t.created_at <= p_moment
            FROM transactions_entry AS e JOIN transactions_transaction AS t ON t.id = e.transaction_id
            WHERE e.balance_id = p_balance AND e.position = v_middle)
        THEN
            v_low := v_middle;
        ELSE
            v_high := v_middle - 1;
        END IF;
    END LOOP;
    RETURN v_low;
END;
$$;
