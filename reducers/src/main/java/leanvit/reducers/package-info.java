/** Token reduction: a method turns scores into a {@link leanvit.reducers.TokenMap}. One file per method. */
package leanvit.reducers;
