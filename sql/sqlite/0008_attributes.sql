-- What is known of people besides the standard claims: {"department": ["Sales"]}. A release that does not know it leaves it alone.

ALTER TABLE users ADD COLUMN attributes TEXT NOT NULL DEFAULT '{}';
