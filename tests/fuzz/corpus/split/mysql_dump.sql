m/*M!999999\- enable the sandbox mode */ 
/*!40101 SET @OLD_SQL_MODE=@@SQL_MODE, SQL_MODE='NO_AUTO_VALUE_ON_ZERO' */;
/*!50003 SET @saved_sql_mode = @@sql_mode */ ;
/*!50003 SET sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES' */ ;
DELIMITER ;;
/*!50003 CREATE*/ /*!50017 DEFINER=`a`@`%`*/ /*!50003 TRIGGER g BEFORE INSERT ON "t" FOR EACH ROW BEGIN SET a = 'x\'; END */;;
DELIMITER ;
/*!50003 SET sql_mode = @saved_sql_mode */ ;
select 'a\';', "b;";SET sql_mode=REPLACE(CONCAT(@@sql_mode,',ANSI'),'ANSI','');