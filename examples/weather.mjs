// The demo's data: temperatures of twelve weather stations, the same ones in every run. The climate of each station is
// real (mean of the year, swing between the seasons, swing of a day); the weather of the day is made up.

const stations = [
  { name: 'Reykjavík', latitude: 64.1, mean: 5, season: 6, day: 2 },
  { name: 'Tromsø', latitude: 69.6, mean: 3, season: 8, day: 2 },
  { name: 'Warszawa', latitude: 52.2, mean: 9, season: 11, day: 5 },
  { name: 'Zürich', latitude: 47.4, mean: 10, season: 9.5, day: 5 },
  { name: 'Tōkyō', latitude: 35.7, mean: 16, season: 11, day: 3.5 },
  { name: 'Phoenix', latitude: 33.4, mean: 24, season: 11.5, day: 7 },
  { name: 'Bogotá', latitude: 4.7, mean: 14, season: 0.5, day: 5.5 },
  { name: 'Nairobi', latitude: -1.3, mean: 19, season: 1.5, day: 6 },
  { name: 'Lima', latitude: -12, mean: 19, season: 3.5, day: 2.5 },
  { name: 'Perth', latitude: -31.9, mean: 18.5, season: 5.5, day: 6 },
  { name: 'Cape Town', latitude: -33.9, mean: 17, season: 4.5, day: 4.5 },
  { name: 'Ushuaia', latitude: -54.8, mean: 6, season: 4.5, day: 3.5 },
];

const HOUR = 3600;
const START = Date.UTC(2024, 0, 1) / 1000;
const LENGTH_OF_YEAR = 366 * 24;

// Every station once an hour, in turn, until there are `count` readings.
export function makeReadings(count) {
  let seed = 0x5eed;
  const noise = () => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return seed / 2 ** 32 - 0.5;
  };
  const weather = stations.map(() => 0);
  return Array.from({ length: count }, (_, index) => {
    const place = index % stations.length;
    const station = stations[place];
    const hour = Math.floor(index / stations.length);
    // Today is like yesterday, a little.
    weather[place] = weather[place] * 0.97 + noise() * 2;
    const northern = station.latitude > 0 ? 1 : -1;
    const season = -Math.cos(((hour / LENGTH_OF_YEAR) * 2 * Math.PI) - 0.35) * station.season * northern;
    const day = -Math.cos((((hour % 24) - 3) / 24) * 2 * Math.PI) * station.day;
    return {
      station: station.name,
      latitude: station.latitude,
      time: START + hour * HOUR,
      celsius: Math.round((station.mean + season + day + weather[place]) * 10) / 10,
    };
  });
}

const seasons = ['winter', 'spring', 'summer', 'autumn'];

// Meteorological seasons: winter is December to February in the north and June to August in the south.
export function season(time, latitude) {
  const month = new Date(time * 1000).getUTCMonth();
  const quarter = Math.floor(((month + 1) % 12) / 3);
  return seasons[(quarter + (latitude < 0 ? 2 : 0)) % 4];
}

export function median(values) {
  if (values.length === 0) return null;
  const sorted = Float64Array.from(values).sort();
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
