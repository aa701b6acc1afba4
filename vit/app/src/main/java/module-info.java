/** What people run: the command line, comparison and calibration of reducers, drawings. */
module leanvit.app {
    requires java.desktop;
    requires jdk.httpserver;
    requires jdk.management;
    requires leanvit.vit;
}
