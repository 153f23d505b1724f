-- Runs that wait or go on, of all fabrics, in their order: without it, who looks for work reads every run there ever was.
CREATE INDEX runs_at_work ON runs (state, id) WHERE state <> 'ended';
