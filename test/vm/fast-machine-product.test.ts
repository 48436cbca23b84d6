import { testFastMachine } from './host/fast-tests.ts';
import { isOfProduct } from './host/scenarios.ts';

testFastMachine('the product', isOfProduct);
