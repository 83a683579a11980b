-- Visits are unbounded again. The counts of the present day are lost.
DROP TABLE dispatch.click_days;
