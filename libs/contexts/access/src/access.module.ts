import { Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { ScopeGuard } from './authorize.js';
import { TokenStore } from './store/token.store.js';
import { TokenService } from './token.service.js';

/** Whoever imports it gets the guard in front of every resolver and route. */
@Module({ providers: [TokenStore, TokenService, { provide: APP_GUARD, useClass: ScopeGuard }], exports: [TokenService] })
export class AccessModule {}
