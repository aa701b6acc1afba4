/** Token reduction: a method turns scores into a {@link leanvit.reducers.TokenMap}. One file a method. */
package leanvit.reducers;
