import { Controller, Get, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { Unauthenticated } from '#contexts/access';
import { Database } from '#platform';

@Controller()
export class HealthController {
  constructor(private readonly db: Database) {}

  /** The process is alive. It says nothing of what it needs: restarting it would not bring back a database. */
  @Get('healthz')
  @Unauthenticated('asked by supervisors and load balancers; it tells nothing')
  healthz(): { status: 'ok' } {
    return { status: 'ok' };
  }

  /** The process can do its work: the database answers, and it has the schema that this code was written for. */
  @Get('readyz')
  @Unauthenticated('asked by supervisors and load balancers; it tells no more than up or down')
  async readyz(
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<{ status: 'ok' | 'unavailable'; database: boolean; schema: boolean }> {
    const pending = await this.db.pendingMigrations();
    const isReady = pending?.length === 0;
    void reply.status(isReady ? 200 : 503);
    return { status: isReady ? 'ok' : 'unavailable', database: pending !== undefined, schema: isReady };
  }
}
