CREATE MACRO main.km_between(latitude_a, longitude_a, latitude_b, longitude_b) AS
  CASE WHEN latitude_a + longitude_a + latitude_b + longitude_b IS NOT NULL THEN
    2 * 6371.0088 * asin(least(1, sqrt(sin(radians(latitude_b - latitude_a) / 2) ** 2
      + cos(radians(latitude_a)) * cos(radians(latitude_b)) * sin(radians(longitude_b - longitude_a) / 2) ** 2))) END;
COMMENT ON MACRO main.km_between IS 'Great-circle distance of two points in kilometres (haversine on the mean radius of the earth); degrees in. NULL where a coordinate is.';
CREATE MACRO main.reports_between(first_day, last_day) AS TABLE
  SELECT * FROM main.counted_reports
  WHERE date_start BETWEEN first_day::DATE AND last_day::DATE AND incident_year BETWEEN year(first_day::DATE) AND year(last_day::DATE);
COMMENT ON MACRO TABLE main.reports_between IS 'The counted reports whose first day is in a period, both days included.';
CREATE MACRO main.reports_near(near_latitude, near_longitude, within_km) AS TABLE
  SELECT main.km_between(near_latitude, near_longitude, latitude, longitude) AS distance_km, counted_reports.*
  FROM main.counted_reports
  WHERE latitude BETWEEN near_latitude - within_km / 111.0 AND near_latitude + within_km / 111.0
    AND main.km_between(near_latitude, near_longitude, latitude, longitude) <= within_km
  ORDER BY distance_km, date_start, report_id;
COMMENT ON MACRO TABLE main.reports_near IS 'The counted reports within so many kilometres of a point, the nearest first. A report placed at the centre of a province (geo_precision 4 and above) counts as there: filter on geo_precision.';
CREATE MACRO main.weekly_by_admin1(first_day, last_day) AS TABLE
  SELECT country_code, admin1_name, date_trunc('week', date_start)::DATE AS week, count(*) AS reports,
         sum(fatalities_low)::BIGINT AS killed_low, sum(fatalities_best)::BIGINT AS killed_best,
         count(*) - count(fatalities_low) AS without_low, count(*) - count(fatalities_best) AS without_best
  FROM main.counted_reports
  WHERE date_precision <= 3 AND date_start BETWEEN first_day::DATE AND last_day::DATE
    AND incident_year BETWEEN year(first_day::DATE) AND year(last_day::DATE)
  GROUP BY country_code, admin1_name, week ORDER BY country_code, admin1_name, week;
COMMENT ON MACRO TABLE main.weekly_by_admin1 IS 'Counted reports and killed by first-order division and week (from Monday) of a period. Only reports dated to a week or better (date_precision 1 to 3). The sums leave out the reports that give no number; without_low and without_best say how many.';
CREATE MACRO main.killed_by_country_and_month(first_day, last_day) AS TABLE
  SELECT country_code, CASE WHEN date_precision <= 4 THEN date_trunc('month', date_start)::DATE END AS month, count(*) AS reports,
         sum(fatalities_low)::BIGINT AS killed_low, sum(fatalities_best)::BIGINT AS killed_best,
         CASE WHEN count(*) FILTER (WHERE fatalities_high IS NULL AND coalesce(fatalities_low, fatalities_best) IS NOT NULL) = 0
              THEN sum(fatalities_high)::BIGINT END AS killed_high,
         count(*) FILTER (WHERE fatalities_high IS NULL AND coalesce(fatalities_low, fatalities_best) IS NOT NULL) AS open_highs,
         1 - count(fatalities_best) / count(*) AS share_without_best,
         1 - count(coalesce(fatalities_best, fatalities_low, fatalities_high)) / count(*) AS share_without_number
  FROM (
    FROM main.reports_between(first_day, last_day)
    UNION ALL
    FROM main.counted_reports WHERE incident_year IS NULL AND article_version IN (
      SELECT version FROM versions.articles WHERE published_on BETWEEN first_day::DATE AND last_day::DATE))
  GROUP BY country_code, month ORDER BY country_code, month;
COMMENT ON MACRO TABLE main.killed_by_country_and_month IS 'Killed low, best and high by country and month of a period. A row with month NULL holds what belongs to no month: reports dated more coarsely than to a month (date_precision 5) whose first day is in the period, and undated ones whose article was published in it. country_code is NULL where the text names no country. Each sum leaves out the reports that give no such number, so killed_best may be below killed_low: share_without_best says how much is missing. killed_high is NULL where any report with a number is open upwards (open_highs counts them).';
