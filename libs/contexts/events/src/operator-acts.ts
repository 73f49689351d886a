import { Injectable } from '@nestjs/common';
import { digest, DomainError, IdempotencyKey } from '#engines/kernel';
import type { Tx } from '#platform';

/** What a caller asks for, and under which key; afterwards `isReplayed` says whether it had been done before. */
export class OperatorAct {
  isReplayed = false;

  private constructor(
    readonly key: IdempotencyKey,
    readonly requestSha256: string,
  ) {}

  /** @param request everything that makes it this request and no other. @returns null without a key. @throws DomainError INVALID_VALUE. */
  static of(key: string | null | undefined, mutation: string, request: object): OperatorAct | null {
    return key === null || key === undefined ? null : new OperatorAct(IdempotencyKey.parse(key), digest([mutation, request]));
  }
}

/**
 * What an operator says twice happens once. Keys are the caller's own: what one person has approved is not what another one approves. A
 * refused act leaves nothing, and its key may be used again.
 */
@Injectable()
export class OperatorActs {
  /**
   * In the transaction of the effect; somebody who says the same at the same time waits for its end. @param work its answer is JSON.
   * @throws DomainError IDEMPOTENCY_KEY_REUSED.
   */
  async once<Answer>(tx: Tx, act: OperatorAct | null, work: () => Promise<Answer>): Promise<Answer> {
    if (act === null) return work();
    act.isReplayed = false;
    const isNew = await tx.run(
      'INSERT INTO operator_act (actor, key, request_sha256) VALUES ($1, $2, $3) ON CONFLICT ON CONSTRAINT operator_act_pkey DO NOTHING',
      [tx.scope.actor, act.key, act.requestSha256],
    );
    if (isNew === 0) return ((await this.earlier<Answer>(tx, act)) as { answer: Answer }).answer;
    const answer = await work();
    await tx.run('UPDATE operator_act SET answer = $3 WHERE actor = $1 AND key = $2', [tx.scope.actor, act.key, JSON.stringify(answer)]);
    await tx.run(`DELETE FROM operator_act WHERE at < clock_timestamp() - interval '${KEPT_DAYS} days'`);
    return answer;
  }

  /** What came of it the first time; undefined: it was never said. @throws DomainError IDEMPOTENCY_KEY_REUSED. */
  async earlier<Answer>(tx: Tx, act: OperatorAct | null): Promise<{ readonly answer: Answer } | undefined> {
    if (act === null) return undefined;
    const row = await tx.one<{ sha256: string; answer: Answer; at: Date }>(
      'SELECT request_sha256 AS sha256, answer, at FROM operator_act WHERE actor = $1 AND key = $2',
      [tx.scope.actor, act.key],
    );
    if (!row) return undefined;
    if (row.sha256 !== act.requestSha256)
      throw new DomainError('IDEMPOTENCY_KEY_REUSED', 'this idempotency key was used for another request', {
        firstSeenAt: row.at.toISOString(),
      });
    act.isReplayed = true;
    return { answer: row.answer };
  }
}

const KEPT_DAYS = 30;
