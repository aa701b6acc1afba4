package leanvit.spark;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import leanvit.reducers.Reducers;
import leanvit.vit.Classifier;
import leanvit.vit.Picture;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * How many pictures a second Spark makes vectors of, with one and with two task threads, beside the library alone on as
 * many threads, in turn in one JVM: medians, and what share Spark loses. Both read the same files from the same disk.
 *
 * <pre>
 * SparkSpeed MODEL FOLDER REDUCER
 * </pre>
 */
final class SparkSpeed {

    private static final int ROUNDS = 3;
    private static final int BATCH = 8;
    /** A round reads the folder so often: a job's start must not be most of it. */
    private static final int TIMES = 2;

    private SparkSpeed() {
    }

    public static void main(String[] arguments) throws Exception {
        String folder = arguments[1];
        List<Path> files;
        try (Stream<Path> list = Files.list(Path.of(folder))) {
            files = list.filter(file -> file.toString().matches("(?i).*\\.(jpe?g|png)")).sorted().toList();
        }
        for (int threads = 1; threads <= 2; threads++) {
            SparkSession spark = SparkSession.builder().master("local[" + threads + "]")
                    .config("spark.ui.enabled", "false").config("spark.driver.bindAddress", "127.0.0.1")
                    .config("spark.driver.host", "127.0.0.1").config("spark.sql.files.openCostInBytes", 0)
                    .getOrCreate();
            spark.sparkContext().setLogLevel("WARN");
            double[] own = new double[ROUNDS];
            double[] sparks = new double[ROUNDS];
            LeanvitTransformer transformer = new LeanvitTransformer().setModelPath(arguments[0])
                    .setReducer(arguments[2]).setBatchSize(BATCH);
            Classifier classifier = Classifier.load(Path.of(arguments[0])).with(Reducers.parse(arguments[2]));
            classifier.warmUp();
            for (int round = -1; round < ROUNDS; round++) {
                long start = System.nanoTime();
                library(classifier, files, threads);
                double alone = System.nanoTime() - start;
                start = System.nanoTime();
                int rows = spark(spark, transformer, folder, threads);
                double inSpark = System.nanoTime() - start;
                if (rows != TIMES * files.size()) {
                    throw new AssertionError(rows + " rows, expected " + TIMES * files.size());
                }
                if (round >= 0) {
                    own[round] = TIMES * files.size() / alone * 1e9;
                    sparks[round] = TIMES * files.size() / inSpark * 1e9;
                }
            }
            System.out.printf(Locale.ROOT,
                    "%s, %d threads: the library %.1f pictures/s, Spark %s %.1f, lost %.1f %%%n", arguments[2], threads,
                    median(own), spark.version(), median(sparks), 100 * (1 - median(sparks) / median(own)));
            classifier.close();
            spark.stop();
        }
    }

    private static int spark(SparkSession spark, LeanvitTransformer transformer, String folder, int threads) {
        Dataset<Row> once = spark.read().format("binaryFile").option("pathGlobFilter", "*.{jpg,jpeg,JPEG,png}")
                .load(folder).select("path", "content");
        Dataset<Row> all = once;
        for (int i = 1; i < TIMES; i++) {
            all = all.union(once);
        }
        return transformer.transform(all.coalesce(threads)).where("error is null").select("path", "embedding")
                .collectAsList().size();
    }

    private static void library(Classifier classifier, List<Path> files, int threads) throws Exception {
        ExecutorService executor = Executors.newFixedThreadPool(threads);
        List<Future<?>> parts = new ArrayList<>();
        for (int thread = 0; thread < threads; thread++) {
            int from = thread * files.size() / threads;
            List<Path> part = files.subList(from, (thread + 1) * files.size() / threads);
            parts.add(executor.submit(() -> {
                Classifier own = classifier.with(classifier.callLimits().withBatch(BATCH));
                for (int time = 0; time < TIMES; time++) {
                    for (int i = 0; i < part.size(); i += BATCH) {
                        run(own, part.subList(i, Math.min(part.size(), i + BATCH)));
                    }
                }
                return null;
            }));
        }
        for (Future<?> part : parts) {
            part.get();
        }
        executor.shutdown();
    }

    private static void run(Classifier classifier, List<Path> files) throws IOException {
        List<Picture> batch = new ArrayList<>();
        for (Path file : files) {
            batch.add(Picture.of(Files.readAllBytes(file)));
        }
        classifier.run(batch, 1).forEach(outcome -> {
            if (!outcome.isSound()) {
                throw new AssertionError(outcome.problem());
            }
        });
    }

    private static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return sorted[sorted.length / 2];
    }
}
