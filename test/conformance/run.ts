/**
 * `npm run conformance -- DIR…`: runs every case of the given golden folders through the real rules and prints, per failing
 * case, what the reference has and what we have. Exit 1 when a case failed, none was found, or a folder is missing.
 */
import { runFolders } from './folders.ts';

process.exitCode = await runFolders(process.argv.slice(2), (line) => process.stdout.write(`${line}\n`));
