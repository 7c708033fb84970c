/**
 * Ring 5: the life of a model. Telemetry becomes data sets, data sets become models; the core never knows.
 *
 * @example
 * const collector = new TelemetryCollector({ dbPath: './telemetry.db' });
 * const [extractor, dataset] = [new FeatureExtractor(), new TrainingDataset()];
 * for (const event of collector.getEvents({ eventType: 'BLOCK_STORED' })) {
 *   dataset.addSample(extractor.extractFeatures(event), event.compressionAlgorithm ?? 'none', { time: event.timeMs });
 * }
 * const [trainData, valData, testData] = dataset.split({ by: 'time' });
 */
export * from './dataset/index.ts';
export * from './drift/index.ts';
export * from './experiments/index.ts';
export * from './jobs/index.ts';
export * from './online/index.ts';
export * from './registry/index.ts';
export * from './rollout/index.ts';
export * from './serving/index.ts';
export * from './telemetry/index.ts';
export * from './training/index.ts';
