-- Takes the statements' statistics away from operators.
DROP FUNCTION api.slow_statements;
