CREATE TABLE sign_in_keys (
	client BLOB NOT NULL, 
	number BIGINT NOT NULL, 
	keys TEXT NOT NULL, 
	authority BLOB NOT NULL, 
	signature TEXT NOT NULL, 
	PRIMARY KEY (client)
);
CREATE TABLE access_token (
	digest BLOB NOT NULL, 
	kind VARCHAR(16) NOT NULL, 
	principal BLOB NOT NULL, 
	label TEXT NOT NULL, 
	thumbprint VARCHAR(43) NOT NULL, 
	expires_at BIGINT NOT NULL, 
	PRIMARY KEY (digest)
);
CREATE INDEX access_token_by_end ON access_token (expires_at);
CREATE INDEX access_token_by_principal ON access_token (principal);
CREATE TABLE assertion_used (
	digest BLOB NOT NULL, 
	until BIGINT NOT NULL, 
	PRIMARY KEY (digest)
);
CREATE INDEX assertion_used_by_end ON assertion_used (until);
CREATE TABLE data_key (
	id BLOB NOT NULL, 
	wrapped BLOB NOT NULL, 
	PRIMARY KEY (id)
);
CREATE TABLE job (
	id VARCHAR(32) NOT NULL, 
	member BLOB NOT NULL, 
	schema VARCHAR(64) NOT NULL, 
	format VARCHAR(8) NOT NULL, 
	sequence INTEGER NOT NULL, 
	state VARCHAR(16) NOT NULL, 
	data_key BLOB NOT NULL, 
	rows_read INTEGER NOT NULL, 
	issued INTEGER NOT NULL, 
	unchanged INTEGER NOT NULL, 
	rejected INTEGER NOT NULL, 
	created_at BIGINT NOT NULL, 
	reason VARCHAR(64), 
	message TEXT, 
	PRIMARY KEY (id), 
	UNIQUE (sequence)
);
CREATE TABLE attestation (
	digest BLOB NOT NULL, 
	member BLOB NOT NULL, 
	schema VARCHAR(64) NOT NULL, 
	subject_index BLOB NOT NULL, 
	row_tag BLOB NOT NULL, 
	period_first INTEGER NOT NULL, 
	period_last INTEGER NOT NULL, 
	as_of INTEGER NOT NULL, 
	fields_root BLOB NOT NULL, 
	subject_tag BLOB NOT NULL, 
	issued_at BIGINT NOT NULL, 
	valid_until BIGINT NOT NULL, 
	supersedes BLOB NOT NULL, 
	data_key BLOB NOT NULL, 
	sealed BLOB NOT NULL, 
	batch BIGINT NOT NULL, 
	leaf INTEGER NOT NULL, 
	path BLOB NOT NULL, 
	job VARCHAR(32), 
	line INTEGER, 
	live INTEGER NOT NULL, 
	PRIMARY KEY (digest)
);
CREATE INDEX attestation_by_job ON attestation (job, line);
CREATE INDEX attestation_by_subject ON attestation (subject_index, schema, live, period_last);
CREATE TABLE subject (
	id BLOB NOT NULL, 
	registrar BLOB NOT NULL, 
	subject_index BLOB NOT NULL, 
	data_key BLOB NOT NULL, 
	sealed BLOB NOT NULL, 
	as_of INTEGER NOT NULL, 
	registration BLOB, 
	PRIMARY KEY (id), 
	UNIQUE (subject_index)
);
CREATE TABLE access_interval (
	number BIGINT NOT NULL, 
	member BLOB NOT NULL, 
	since BIGINT NOT NULL, 
	until BIGINT NOT NULL, 
	root BLOB NOT NULL, 
	filling BLOB NOT NULL, 
	row_count INTEGER NOT NULL, 
	"before" BLOB NOT NULL, 
	"after" BLOB NOT NULL, 
	tally_salt BLOB NOT NULL, 
	batch_root BLOB NOT NULL, 
	previous_root BLOB NOT NULL, 
	signature BLOB NOT NULL, 
	start BIGINT, 
	anchored_at BIGINT, 
	"key" BLOB, 
	block BIGINT, 
	PRIMARY KEY (number)
);
CREATE TABLE idempotent_call (
	id BLOB NOT NULL, 
	route BLOB NOT NULL, 
	body BLOB, 
	seed BLOB NOT NULL, 
	owner BLOB NOT NULL, 
	lease_until BIGINT NOT NULL, 
	expires_at BIGINT NOT NULL, 
	answered INTEGER NOT NULL, 
	subject BLOB, 
	wrapped BLOB, 
	sealed BLOB, 
	PRIMARY KEY (id)
);
CREATE INDEX idempotent_call_by_subject ON idempotent_call (subject);
CREATE INDEX idempotent_call_by_expiry ON idempotent_call (expires_at);
CREATE TABLE evidence (
	use BLOB NOT NULL, 
	bank BLOB NOT NULL, 
	digest BLOB NOT NULL, 
	data_keys BLOB NOT NULL, 
	sealed BLOB NOT NULL, 
	PRIMARY KEY (use)
);
CREATE TABLE outbox (
	digest BLOB NOT NULL, 
	account BLOB NOT NULL, 
	nonce BIGINT NOT NULL, 
	recipient BLOB, 
	data BLOB NOT NULL, 
	gas BIGINT NOT NULL, 
	raw BLOB NOT NULL, 
	PRIMARY KEY (digest), 
	UNIQUE (account, nonce)
);
CREATE TABLE outbox_account (
	account BLOB NOT NULL, 
	next_nonce BIGINT NOT NULL, 
	PRIMARY KEY (account)
);
CREATE TABLE consent_word (
	target BLOB NOT NULL, 
	act VARCHAR(16) NOT NULL, 
	number INTEGER NOT NULL, 
	word TEXT NOT NULL, 
	PRIMARY KEY (target, act, number)
);
CREATE TABLE chain_cursor (
	id INTEGER NOT NULL, 
	next_block BIGINT NOT NULL, 
	PRIMARY KEY (id)
);
CREATE TABLE consent_deadline (
	consent BLOB NOT NULL, 
	grantee BLOB NOT NULL, 
	expires_at BIGINT NOT NULL, 
	PRIMARY KEY (consent)
);
CREATE INDEX consent_deadline_by_time ON consent_deadline (expires_at);
CREATE TABLE reliance (
	use BLOB NOT NULL, 
	attestation BLOB NOT NULL, 
	consent BLOB NOT NULL, 
	bank BLOB NOT NULL, 
	member BLOB NOT NULL, 
	word BIGINT NOT NULL, 
	bit INTEGER NOT NULL, 
	late INTEGER NOT NULL, 
	PRIMARY KEY (use, attestation)
);
CREATE INDEX reliance_by_word ON reliance (member, word);
CREATE INDEX reliance_by_late ON reliance (late);
CREATE TABLE notification (
	number INTEGER NOT NULL, 
	id VARCHAR(40) NOT NULL, 
	recipient BLOB NOT NULL, 
	kind VARCHAR(32) NOT NULL, 
	time BIGINT NOT NULL, 
	data TEXT NOT NULL, 
	source BLOB NOT NULL, 
	PRIMARY KEY (number), 
	UNIQUE (recipient, source), 
	UNIQUE (id)
);
CREATE INDEX notification_by_recipient ON notification (recipient, number);
CREATE TABLE webhook (
	member BLOB NOT NULL, 
	url TEXT NOT NULL, 
	data_key BLOB NOT NULL, 
	sealed BLOB NOT NULL, 
	sealed_before BLOB, 
	before_until BIGINT NOT NULL, 
	delivered INTEGER NOT NULL, 
	state VARCHAR(16) NOT NULL, 
	attempts INTEGER NOT NULL, 
	next_at BIGINT NOT NULL, 
	failing_since BIGINT, 
	last_failure TEXT, 
	PRIMARY KEY (member)
);
CREATE TABLE job_chunk (
	job VARCHAR(32) NOT NULL, 
	number INTEGER NOT NULL, 
	sealed BLOB NOT NULL, 
	PRIMARY KEY (job, number), 
	FOREIGN KEY(job) REFERENCES job (id)
);
CREATE TABLE job_unchanged (
	job VARCHAR(32) NOT NULL, 
	line INTEGER NOT NULL, 
	digest BLOB NOT NULL, 
	PRIMARY KEY (job, line), 
	FOREIGN KEY(job) REFERENCES job (id)
);
CREATE TABLE job_rejection (
	id INTEGER NOT NULL, 
	job VARCHAR(32) NOT NULL, 
	line INTEGER NOT NULL, 
	field TEXT, 
	reason VARCHAR(64) NOT NULL, 
	message TEXT NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(job) REFERENCES job (id)
);
CREATE INDEX job_rejection_by_line ON job_rejection (job, line);
CREATE TABLE batch (
	member BLOB NOT NULL, 
	number BIGINT NOT NULL, 
	job VARCHAR(32), 
	root BLOB NOT NULL, 
	size INTEGER NOT NULL, 
	previous_root BLOB NOT NULL, 
	supersedes TEXT NOT NULL, 
	signature BLOB NOT NULL, 
	start BIGINT, 
	anchored_at BIGINT, 
	"key" BLOB, 
	"transaction" BLOB, 
	block BIGINT, 
	gas_used BIGINT, 
	PRIMARY KEY (member, number), 
	FOREIGN KEY(job) REFERENCES job (id)
);
CREATE TABLE subject_controllers (
	subject BLOB NOT NULL, 
	entry INTEGER NOT NULL, 
	controllers TEXT NOT NULL, 
	commitment BLOB NOT NULL, 
	recovery BIGINT, 
	signatures TEXT NOT NULL, 
	since BIGINT, 
	PRIMARY KEY (subject, entry), 
	FOREIGN KEY(subject) REFERENCES subject (id)
);
CREATE TABLE subject_recovery (
	subject BLOB NOT NULL, 
	number BIGINT NOT NULL, 
	controllers TEXT NOT NULL, 
	commitment BLOB NOT NULL, 
	requested_at BIGINT, 
	PRIMARY KEY (subject, number), 
	FOREIGN KEY(subject) REFERENCES subject (id)
);
CREATE TABLE consent (
	id BLOB NOT NULL, 
	subject BLOB NOT NULL, 
	grantee BLOB NOT NULL, 
	entry INTEGER NOT NULL, 
	terms TEXT NOT NULL, 
	signatures TEXT NOT NULL, 
	controllers TEXT NOT NULL, 
	text TEXT NOT NULL, 
	request BLOB NOT NULL, 
	"transaction" BLOB, 
	PRIMARY KEY (id), 
	FOREIGN KEY(subject) REFERENCES subject (id)
);
CREATE INDEX consent_by_grantee ON consent (grantee);
CREATE INDEX consent_by_subject ON consent (subject);
CREATE TABLE consent_request (
	id BLOB NOT NULL, 
	subject BLOB NOT NULL, 
	grantee BLOB NOT NULL, 
	asked TEXT NOT NULL, 
	requested_at BIGINT NOT NULL, 
	"transaction" BLOB, 
	PRIMARY KEY (id), 
	FOREIGN KEY(subject) REFERENCES subject (id)
);
CREATE INDEX consent_request_by_subject ON consent_request (subject);
CREATE INDEX consent_request_by_grantee ON consent_request (grantee);
CREATE TABLE access_row (
	number INTEGER NOT NULL, 
	subject BLOB, 
	bank BLOB NOT NULL, 
	time BIGINT NOT NULL, 
	use BLOB, 
	leaf BLOB NOT NULL, 
	head BLOB NOT NULL, 
	data_key BLOB NOT NULL, 
	sealed BLOB NOT NULL, 
	interval BIGINT, 
	slot INTEGER, 
	path BLOB, 
	PRIMARY KEY (number), 
	UNIQUE (leaf), 
	FOREIGN KEY(interval) REFERENCES access_interval (number)
);
CREATE INDEX access_row_by_subject ON access_row (subject, number);
CREATE INDEX access_row_by_interval ON access_row (interval, number);
CREATE INDEX access_row_by_bank ON access_row (bank, number);
CREATE INDEX access_row_by_use ON access_row (use);
