/**
 * What the tests of all modules share. It knows none of them, so that each of them can use it: files and where they lie
 * ({@link leanvit.testdata.TestData}), golden tensors ({@link leanvit.testdata.GoldenFile}), formulas in double precision
 * ({@link leanvit.testdata.Exact}, {@link leanvit.testdata.DoubleVit}), inputs that break vector code ({@link
 * leanvit.testdata.Awkward}), and programs in JVMs of their own ({@link leanvit.testdata.ChildJvm}).
 */
package leanvit.testdata;
