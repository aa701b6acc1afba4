/** The command line: one file a command, with no logic that a user of the library could want. */
package leanvit.app.cli;
