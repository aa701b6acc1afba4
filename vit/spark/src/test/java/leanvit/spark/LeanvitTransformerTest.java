package leanvit.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import leanvit.reducers.Reducers;
import leanvit.testdata.TestData;
import leanvit.vit.Classification;
import leanvit.vit.Classifier;
import leanvit.vit.ModelRef;
import leanvit.vit.Outcome;
import leanvit.vit.Picture;
import leanvit.vit.image.Pictures;
import leanvit.vit.image.RgbImage;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.ml.Pipeline;
import org.apache.spark.ml.PipelineModel;
import org.apache.spark.ml.PipelineStage;
import org.apache.spark.ml.linalg.Vector;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two task threads, two thousand pictures: each answer is the library's own, bit for bit, on the Spark of this run. */
class LeanvitTransformerTest {

    private static final String DEMO = TestData.directory().resolve("demo/model").toString();
    private static final int PICTURES = 2000;
    private static final int EVERY_BROKEN = 97;

    private static SparkSession spark;
    private static Dataset<Row> pictures;
    private static List<byte[]> files;

    @TempDir
    private Path folder;

    @BeforeAll
    static void start() throws IOException {
        spark = SparkSession.builder().master("local[2]").config("spark.ui.enabled", "false")
                .config("spark.driver.bindAddress", "127.0.0.1").config("spark.driver.host", "127.0.0.1")
                .getOrCreate();
        files = files();
        List<Row> rows = new ArrayList<>();
        for (int i = 0; i < files.size(); i++) {
            rows.add(RowFactory.create(i, files.get(i)));
        }
        StructType schema = new StructType().add("id", DataTypes.IntegerType).add("content", DataTypes.BinaryType);
        pictures = spark.createDataFrame(rows, schema).repartition(7).cache();
    }

    @AfterAll
    static void stop() {
        spark.stop();
    }

    /** The demo pictures, each a little darker than the last time; some are cut off, one is missing. */
    private static List<byte[]> files() throws IOException {
        List<RgbImage> demo = new ArrayList<>();
        try (Stream<Path> all = Files.list(TestData.directory().resolve("demo/pictures"))) {
            for (Path path : all.filter(path -> path.toString().endsWith(".png")).sorted().toList()) {
                demo.add(Pictures.read(path));
            }
        }
        List<byte[]> files = new ArrayList<>();
        for (int i = 0; i < PICTURES; i++) {
            byte[] file = Pictures.png(thumbnail(demo.get(i % demo.size()), 400 - i / demo.size()));
            files.add(i % EVERY_BROKEN == 0 ? Arrays.copyOf(file, file.length / 2) : file);
        }
        files.set(1, null);
        return files;
    }

    /** Every fourth pixel, of {@code light} 400ths of its light: PNGs of full size would take longest of all. */
    private static RgbImage thumbnail(RgbImage picture, int light) {
        int width = picture.width() / 4;
        int height = picture.height() / 4;
        byte[] samples = new byte[3 * width * height];
        for (int i = 0; i < samples.length; i++) {
            int pixel = i / 3 / width * 4 * picture.width() + i / 3 % width * 4;
            samples[i] = (byte) ((picture.samples()[3 * pixel + i % 3] & 0xff) * light / 400);
        }
        return new RgbImage(width, height, samples);
    }

    @Test
    void runsOnTheSparkThatIsMeant() {
        assertThat(spark.version()).isEqualTo(System.getProperty("spark.version"));
    }

    @Test
    void answersAreTheLibrarysOwn() throws IOException {
        LeanvitTransformer transformer = new LeanvitTransformer().setModelPath(DEMO).setReducer("tome:r=8");
        Dataset<Row> found = transformer.transform(pictures);
        assertThat(found.schema()).isEqualTo(transformer.transformSchema(pictures.schema()));
        Map<Integer, Row> rows = new HashMap<>();
        found.collectAsList().forEach(row -> rows.put(row.getInt(0), row));
        assertThat(rows).hasSize(PICTURES);
        Classifier own = Classifier.load(Path.of(DEMO)).with(Reducers.parse("tome:r=8"));
        int broken = 0;
        for (int i = 0; i < PICTURES; i++) {
            Row row = rows.get(i);
            String error = row.getAs("error");
            if (files.get(i) == null) {
                assertThat(error).isEqualTo("no picture: null");
                continue;
            }
            Outcome<Classification> outcome = own.run(List.of(Picture.of(files.get(i))), 1).get(0);
            if (!outcome.isSound()) {
                assertThat(row.isNullAt(row.fieldIndex("embedding"))).isTrue();
                assertThat(row.isNullAt(row.fieldIndex("label"))).isTrue();
                assertThatThrownBy(outcome::get).hasMessage(error);
                broken++;
                continue;
            }
            assertThat(error).isNull();
            List<Float> embedding = row.getList(row.fieldIndex("embedding"));
            float[] expected = outcome.get().embedding();
            assertThat(embedding).hasSize(expected.length);
            for (int k = 0; k < expected.length; k++) {
                assertThat(Float.floatToIntBits(embedding.get(k))).as("picture %d", i)
                        .isEqualTo(Float.floatToIntBits(expected[k]));
            }
            assertThat(row.<String>getAs("label")).isEqualTo(outcome.get().predictions().get(0).label());
        }
        assertThat(broken).isEqualTo(1 + (PICTURES - 1) / EVERY_BROKEN);
    }

    @Test
    void vectorsInAPipelineThatIsStoredAndReadBack() throws IOException {
        LeanvitTransformer transformer = new LeanvitTransformer().setModelPath(DEMO).setVector(true).setLabelCol("")
                .setOutputCol("features").setErrorCol("problem").setBatchSize(3);
        Path saved = folder.resolve("pipeline");
        new Pipeline().setStages(new PipelineStage[] {transformer}).fit(pictures).write().save(saved.toString());
        PipelineModel model = PipelineModel.load(saved.toString());
        Row row = model.transform(pictures.where("id = 2")).collectAsList().get(0);
        assertThat(row.schema().fieldNames()).containsExactly("id", "content", "features", "problem");
        float[] expected = Classifier.load(Path.of(DEMO)).embed(files.get(2));
        double[] values = ((Vector) row.getAs("features")).toArray();
        assertThat(values).hasSize(expected.length);
        for (int k = 0; k < values.length; k++) {
            assertThat((float) values[k]).isEqualTo(expected[k]);
        }
        Path alone = folder.resolve("alone");
        transformer.write().save(alone.toString());
        assertThat(LeanvitTransformer.load(alone.toString()).explainParams()).isEqualTo(transformer.explainParams());
    }

    @Test
    void filesAsSparkReadsThem() throws IOException {
        for (int i = 2; i < 6; i++) {
            Files.write(folder.resolve(i + ".png"), files.get(i));
        }
        List<Row> rows = new LeanvitTransformer().setModelPath(DEMO).transform(spark.read().format("binaryFile")
                .load(folder.toString()).select("path", "content")).orderBy("path").collectAsList();
        Classifier own = Classifier.load(Path.of(DEMO));
        assertThat(rows).hasSize(4);
        for (int i = 0; i < 4; i++) {
            assertThat(rows.get(i).<String>getAs("label")).isEqualTo(own.classify(files.get(i + 2), 1).get(0).label());
        }
    }

    @Test
    void theFunctionAlone() {
        PictureRows function = new PictureRows(ModelRef.of(DEMO), 1, 4);
        List<Row> rows = JavaSparkContext.fromSparkContext(spark.sparkContext())
                .parallelize(List.of(RowFactory.create(2, files.get(2)), RowFactory.create(0, files.get(0))), 2)
                .mapPartitions(function).collect();
        assertThat((float[]) rows.get(0).get(2)).hasSize(96);
        assertThat(rows.get(0).isNullAt(4)).isTrue();
        assertThat(rows.get(1).isNullAt(2)).isTrue();
        assertThat(rows.get(1).getString(4)).startsWith("picture: ");
    }

    /** As Python does it: by the class's name, through setters that return the transformer. */
    @Test
    void byTheNameOfItsClass() throws Exception {
        Object made = Class.forName("leanvit.spark.LeanvitTransformer").getConstructor().newInstance();
        Object set = made.getClass().getMethod("setModelPath", String.class).invoke(made, DEMO);
        assertThat(set).isSameAs(made);
        @SuppressWarnings("unchecked")
        Dataset<Row> found = (Dataset<Row>) made.getClass().getMethod("transform", Dataset.class)
                .invoke(made, pictures.where("id < 10"));
        assertThat(found.count()).isEqualTo(10);
    }

    @Test
    void whatCannotBeIsSaidBeforeAnyTask() {
        LeanvitTransformer transformer = new LeanvitTransformer();
        assertThatThrownBy(() -> transformer.transform(pictures)).hasMessageContaining("modelPath is not set");
        assertThatThrownBy(() -> transformer.setInputCol("id").transform(pictures))
                .hasMessageContaining("inputCol id: expected a column of bytes");
        assertThatThrownBy(() -> transformer.setInputCol("none").transform(pictures))
                .hasMessageContaining("inputCol none: expected a column of bytes");
        assertThatThrownBy(() -> transformer.setInputCol("content").setOutputCol("id").transform(pictures))
                .hasMessageContaining("column id is there already");
        assertThatThrownBy(() -> new PictureRows(ModelRef.of(DEMO), 0, 0)).hasMessageContaining("batch is 0");
    }
}
