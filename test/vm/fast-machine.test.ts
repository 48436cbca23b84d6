import { testFastMachine } from './host/fast-tests.ts';
import { isOfProduct } from './host/scenarios.ts';

testFastMachine('kernel, sentinel, guard, resource protector', (scenario) => !isOfProduct(scenario));
