// The door for programs that do not start a service: whoever comes in by `#platform` loads Nest, GraphQL and TypeORM, a second of work.
export { inheritedEnvironment } from '../config/inherited-environment.js';
