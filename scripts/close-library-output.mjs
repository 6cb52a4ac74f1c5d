// The first import of every npm script that can hold a secret: it is evaluated before any library is loaded.
import { closeLibraryOutput } from './library-output.mjs';

closeLibraryOutput();
