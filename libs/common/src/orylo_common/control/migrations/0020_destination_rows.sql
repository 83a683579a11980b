-- Lets a service be limited to the rows of one tenant; all that may read the table still read it. Locks it for a moment.
CREATE POLICY readers ON control.destinations FOR SELECT USING (true);
ALTER TABLE control.destinations ENABLE ROW LEVEL SECURITY;
