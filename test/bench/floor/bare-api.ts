// The floors over HTTP: `node --import tsx bare-api.ts <port> <database url> <tenant id> <provider url>`. Express, and the work of the
// route with nothing of what a service owes its tenants around it: of a write, the same parsing of the same body and one insert of
// the same row; of a provider call, the call.
import { createHash, randomUUID } from 'node:crypto';
import express from 'express';
import pg from 'pg';

const [port = '', databaseUrl = '', tenantId = '', providerUrl = ''] = process.argv.slice(2);
const pool = new pg.Pool({ connectionString: databaseUrl, max: 20 });

const app = express();
app.disable('x-powered-by');
app.disable('etag');
app.post('/articles', express.json({ limit: '2mb' }), async (request, response) => {
  const { title, body, category, tags, status } = request.body;
  const contentHash = createHash('sha256').update(`${title}\n\n${body}`).digest('hex');
  const { rows } = await pool.query(
    `insert into bare_articles (tenant_id, id, title, body, category, tags, status, source_type, metadata, content_hash)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
     returning id, title, body, category, tags, status, source_type, metadata, revision, content_hash, created_at, updated_at`,
    [tenantId, randomUUID(), title, body, category, tags, status, null, '{}', contentHash],
  );
  response.status(201).json({ data: rows[0] });
});

app.post('/embeddings', express.json(), async (request, response) => {
  const answer = await fetch(`${providerUrl}/embeddings`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: request.headers.authorization ?? '' },
    body: JSON.stringify(request.body),
  });
  response.status(answer.status).json(await answer.json());
});

const server = app.listen(Number(port), '127.0.0.1');
process.once('SIGTERM', () => {
  server.closeAllConnections();
  server.close(() => void pool.end());
});
