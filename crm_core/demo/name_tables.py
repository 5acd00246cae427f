"""Given and family names by culture, as tables for ``names.read_names``.

A name that is not in Latin script is followed by its romanisation: ``佐藤/Sato``.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class NameTable:
    """The names of one culture, comma-separated; ``family_first`` where the family name is written first."""

    given: str
    family: str
    family_first: bool = False


TABLES = {
    "indian": NameTable(
        given="""
        Aarav, Aditi, Aditya, Akash, Amit, Amrita, Ananya, Anil, Anjali, Arjun, Asha, Ayesha, Bhavna,
        Chetan, Deepa, Deepak, Dev, Diya, Divya, Esha, Farhan, Fatima, Gaurav, Gurpreet, Harpreet,
        Imran, Ishaan, Ishita, Jaspreet, Joseph, Kabir, Karthik, Kavya, Kiran, Lakshmi, Lalita, Manish,
        Manoj, Meera, Mohit, Nandini, Neha, Nikhil, Nisha, Pooja, Prakash, Pranav, Priya, Rahul, Rajesh,
        Ravi, Rekha, Riya, Rohan, Saanvi, Sameer, Sanjay, Sara, Shreya, Siddharth, Simran, Sneha,
        Sunita, Suresh, Tanvi, Tara, Uma, Varun, Vikram, Vivek, Yash, Zara, Zoya
        """,
        family="""
        Agarwal, Ahmed, Ansari, Banerjee, Bhat, Bose, Chakraborty, Chatterjee, Chauhan, Choudhury,
        D'Souza, Das, Desai, Deshmukh, Dutta, Fernandes, Gandhi, Ghosh, Gill, Gowda, Gupta, Hegde,
        Hussain, Iyengar, Iyer, Jain, Jha, Joshi, Kapoor, Kaur, Khan, Krishnan, Kulkarni, Kumar,
        Malhotra, Mathew, Mehta, Menon, Mishra, Mukherjee, Nair, Naidu, Pandey, Patel, Patil, Pillai,
        Pinto, Qureshi, Rao, Rastogi, Reddy, Saxena, Sen, Shah, Shaikh, Sharma, Shetty, Sidhu, Singh,
        Sinha, Subramanian, Thomas, Tiwari, Trivedi, Varghese, Varma, Verma, Yadav
        """,
    ),
    "english": NameTable(
        given="""
        Aaron, Abigail, Alice, Amelia, Andre, Andrew, Anthony, Ava, Benjamin, Bethany, Brandon,
        Caroline, Charlotte, Chloe, Christopher, Daniel, David, Diego, Eleanor, Elijah, Emily, Emma,
        Ethan, Freya, George, Grace, Hannah, Harry, Henry, Isaac, Isabella, Jack, Jada, James, Jasmine,
        Joshua, Kayla, Keisha, Liam, Lily, Logan, Lucy, Malik, Maria, Mason, Matthew, Megan, Mia,
        Michael, Naomi, Nathan, Noah, Olivia, Owen, Poppy, Rachel, Rhys, Ruby, Samuel, Sarah, Siobhán,
        Sophia, Tessa, Thomas, Tyrone, Victoria, William, Zachary, Zoë
        """,
        family="""
        Adams, Allen, Bailey, Baker, Begum, Bennett, Brooks, Brown, Campbell, Carter, Chen, Clarke,
        Collins, Cooper, Davies, Davis, Diaz, Edwards, Evans, Fletcher, Foster, Garcia, Graham, Green,
        Hall, Harris, Hernandez, Hughes, Jackson, James, Johnson, Jones, Kelly, Kim, King, Lee, Lewis,
        Lopez, MacDonald, Martin, McCarthy, Miller, Mitchell, Morgan, Murphy, Nguyen, O'Brien, O'Neill,
        Okafor, Parker, Patel, Phillips, Reed, Rivera, Roberts, Robinson, Scott, Shaw, Singh, Smith,
        Stewart, Taylor, Thompson, Turner, Walker, Washington, White, Williams, Wilson, Wood, Wright,
        Young
        """,
    ),
    "german": NameTable(
        given="""
        Anja, Anna, Ben, Björn, Clara, Daniel, Elif, Emil, Emilia, Finn, Florian, Franziska, Greta,
        Hannah, Heike, Ida, Jan, Jonas, Jörg, Jürgen, Karin, Katrin, Lara, Lea, Lena, Leon, Lukas,
        Marie, Markus, Matthias, Mehmet, Mia, Moritz, Niklas, Paul, Petra, Sabine, Sophie, Stefan,
        Sören, Thomas, Ursula, Uwe, Wolfgang
        """,
        family="""
        Bauer, Becker, Böhm, Braun, Fischer, Frank, Groß, Günther, Hartmann, Hoffmann, Huber, Jäger,
        Kaiser, Keller, Klein, Koch, König, Krämer, Krause, Krüger, Lange, Lehmann, Maier, Meyer,
        Müller, Neumann, Peters, Richter, Roth, Schäfer, Schmidt, Schneider, Scholz, Schröder, Schulz,
        Schwarz, Vogel, Wagner, Weber, Weiß, Werner, Winkler, Wolf, Yılmaz, Zimmermann
        """,
    ),
    "french": NameTable(
        given="""
        Adrien, Aïcha, Alice, Amélie, Antoine, Benoît, Camille, Céline, Chloé, Clément, Élodie, Émile,
        Étienne, François, Gabriel, Hélène, Hugo, Inès, Jules, Julie, Karim, Léa, Léo, Louis, Louise,
        Lucas, Manon, Margaux, Mathieu, Maël, Nathalie, Nicolas, Noémie, Océane, Pierre, Raphaël,
        Sophie, Théo, Valérie, Yasmine, Zoé
        """,
        family="""
        André, Bernard, Bertrand, Blanc, Bonnet, Boucher, Chevalier, David, Diallo, Dubois, Dupont,
        Durand, Faure, Fontaine, Fournier, François, Garnier, Gauthier, Girard, Guérin, Henry, Lambert,
        Laurent, Le Gall, Lefèvre, Legrand, Leroy, Martin, Mercier, Michel, Moreau, Morel, Muller,
        N'Diaye, Nguyen, Petit, Renard, Richard, Robert, Rousseau, Roux, Simon, Thomas, Vasseur, Vincent
        """,
    ),
    "spanish": NameTable(
        given="""
        Adrián, Alba, Alejandro, Ana, Andrés, Beatriz, Begoña, Carlos, Carmen, Claudia, Cristina,
        Daniel, Diego, Elena, Fernanda, Francisco, Guadalupe, Hugo, Inés, Iñigo, Javier, Jesús, José,
        Juan, Laura, Lucía, Luis, Manuel, María, Marta, Mateo, Miguel, Natalia, Nuria, Pablo, Paula,
        Pilar, Raúl, Rocío, Santiago, Sergio, Sofía, Valentina, Verónica, Ximena
        """,
        family="""
        Aguilar, Álvarez, Blanco, Cabrera, Castillo, Castro, Cruz, Delgado, Díaz, Domínguez, Fernández,
        Flores, García, García López, Gómez, González, Gutiérrez, Hernández, Herrera, Ibáñez, Jiménez,
        López, Marín, Martín, Martínez, Medina, Méndez, Molina, Morales, Moreno, Muñoz, Navarro, Núñez,
        Ortega, Ortiz, Peña, Pérez, Ramírez, Ramos, Reyes, Rodríguez, Romero, Ruiz, Sánchez, Serrano,
        Torres, Vázquez, Zúñiga
        """,
    ),
    "italian": NameTable(
        given="""
        Alessandro, Alessia, Andrea, Anna, Antonio, Aurora, Beatrice, Chiara, Davide, Edoardo, Elena,
        Federica, Federico, Francesca, Francesco, Gabriele, Giada, Giorgia, Giovanni, Giulia, Giuseppe,
        Ilaria, Lorenzo, Luca, Marco, Martina, Matteo, Mattia, Niccolò, Paola, Pietro, Riccardo,
        Roberta, Sara, Silvia, Simone, Sofia, Tommaso, Valentina, Vittoria
        """,
        family="""
        Barbieri, Bianchi, Bruno, Caruso, Colombo, Conti, Costa, D'Angelo, De Luca, De Santis, Esposito,
        Fabbri, Ferrari, Ferri, Fontana, Galli, Gallo, Gatti, Giordano, Greco, Leone, Lombardi, Longo,
        Mancini, Marchetti, Mariani, Marino, Martini, Monti, Moretti, Nicolò, Palumbo, Pellegrini,
        Ricci, Rinaldi, Rizzo, Romano, Rossi, Russo, Santoro, Serra, Testa, Vitale
        """,
    ),
    "dutch": NameTable(
        given="""
        Anouk, Bas, Bram, Cas, Daan, Eline, Emma, Esmée, Femke, Fleur, Floor, Guus, Hanneke, Ingrid,
        Jasper, Jeroen, Joost, Julia, Koen, Lars, Lieke, Lotte, Maaike, Maarten, Mees, Noor, Pieter,
        Renée, Roos, Ruben, Sander, Sanne, Saskia, Sem, Sven, Thijs, Tim, Tess, Willem, Zoë
        """,
        family="""
        Bakker, de Boer, Bos, de Bruijn, Brouwer, Dekker, van Dijk, van den Berg, van der Meer,
        van Leeuwen, Dijkstra, El Amrani, de Graaf, de Groot, Hendriks, Hoekstra, de Jong, Jansen,
        Janssen, Koster, Kuiper, de Lange, Maas, Meijer, Mulder, Peters, Post, Postma, Prins, van Rijn,
        Smit, Timmermans, Verhoeven, Vermeulen, Visser, Vos, de Vries, Willems, de Wit
        """,
    ),
    "polish": NameTable(
        given="""
        Agnieszka, Aleksandra, Anna, Antoni, Barbara, Bartosz, Celina, Dominik, Ewa, Filip, Grażyna,
        Hanna, Jakub, Jan, Joanna, Julia, Kacper, Kamil, Katarzyna, Krzysztof, Łucja, Łukasz, Maja,
        Małgorzata, Marcin, Mateusz, Michał, Natalia, Oliwia, Paweł, Piotr, Rafał, Stanisław, Szymon,
        Tomasz, Wojciech, Zofia, Zuzanna
        """,
        family="""
        Adamczyk, Bąk, Baran, Cieślak, Duda, Dudek, Górecki, Jakubiak, Kaczmarek, Kaźmierczak,
        Kołodziej, Kowalczyk, Kozieł, Krawczyk, Król, Kubiak, Kurek, Łuczak, Marczak, Mazur, Michalak,
        Mróz, Nowak, Olszewczyk, Pawlak, Pietrzak, Sikora, Sobczak, Stępień, Szewczyk, Szulc, Tomczak,
        Urban, Walczak, Wieczorek, Wójcik, Wójtowicz, Wróbel, Zając, Zięba
        """,
    ),
    "swedish": NameTable(
        given="""
        Agnes, Alice, Alva, Anders, Åsa, Astrid, Axel, Björn, Ebba, Elin, Elsa, Emil, Erik, Fredrik,
        Göran, Gustav, Hugo, Ingrid, Johan, Karin, Klara, Lars, Linnéa, Ludvig, Maja, Malin, Måns,
        Märta, Nils, Oskar, Per, Saga, Signe, Sixten, Sven, Tove, Viktor, Wilma
        """,
        family="""
        Ahmed, Andersson, Åberg, Åkesson, Bergström, Berglund, Björk, Dahlgren, Ekström, Engström,
        Eriksson, Forsberg, Fransson, Gustafsson, Hansson, Holm, Håkansson, Isaksson, Jakobsson,
        Jansson, Johansson, Jonsson, Karlsson, Larsson, Lind, Lindberg, Lindgren, Lundqvist, Löfgren,
        Mattsson, Nilsson, Nyström, Öberg, Olsson, Persson, Pettersson, Sandberg, Sjöberg, Svensson,
        Wallin
        """,
    ),
    "brazilian": NameTable(
        given="""
        Aline, Ana, André, Antônio, Beatriz, Bruno, Caio, Camila, Carolina, Cauã, Daniela, Davi,
        Eduardo, Felipe, Fernanda, Flávia, Gabriel, Guilherme, Gustavo, Heitor, Helena, Isabela, João,
        José, Juliana, Júlia, Larissa, Letícia, Lívia, Lucas, Luísa, Manuela, Marcos, Mateus, Mônica,
        Pedro, Rafael, Renata, Sônia, Tatiane, Thiago, Vinícius, Vitória
        """,
        family="""
        Almeida, Alves, Andrade, Araújo, Azevedo, Barbosa, Barros, Batista, Borges, Cardoso, Carvalho,
        Castro, Conceição, Correia, Costa, da Silva, Dias, dos Santos, Farias, Fernandes, Ferreira,
        Freitas, Gomes, Gonçalves, Lima, Lopes, Machado, Magalhães, Marques, Martins, Melo, Mendes,
        Monteiro, Moraes, Moreira, Nascimento, Nunes, Oliveira, Pereira, Ribeiro, Rocha, Rodrigues,
        Simões, Souza, Teixeira, Vieira
        """,
    ),
    "turkish": NameTable(
        given="""
        Ahmet, Ali, Asya, Ayşe, Barış, Burak, Can, Cem, Çağla, Defne, Deniz, Ece, Elif, Emine, Emre,
        Eylül, Fatma, Gül, Hakan, Hüseyin, İbrahim, İrem, Kerem, Mehmet, Merve, Murat, Mustafa, Nehir,
        Onur, Ömer, Özge, Selin, Şeyma, Tolga, Uğur, Yusuf, Zehra, Zeynep
        """,
        family="""
        Acar, Akın, Aksoy, Aktaş, Arslan, Aslan, Avcı, Aydın, Bulut, Çelik, Çetin, Demir, Doğan,
        Erdoğan, Güler, Güneş, Işık, Kaplan, Kara, Kaya, Keskin, Kılıç, Koç, Korkmaz, Kurt, Öz, Özdemir,
        Öztürk, Polat, Şahin, Şen, Şimşek, Taş, Tekin, Turan, Ünal, Yavuz, Yıldırım, Yıldız, Yılmaz
        """,
    ),
    "nigerian": NameTable(
        given="""
        Abdullahi, Adaeze, Adebayo, Aisha, Amara, Ayodele, Babajide, Bola, Chiamaka, Chidi, Chinedu,
        Chioma, Damilola, Ebere, Emeka, Folake, Funmilayo, Grace, Halima, Ibrahim, Ifeanyi, Ifeoma,
        Kelechi, Kẹ́hìndé, Musa, Ngozi, Nkechi, Obinna, Olumide, Oluwaseun, Samuel, Sade, Táíwò,
        Temitope, Tunde, Uche, Yetunde, Zainab
        """,
        family="""
        Abubakar, Adebayo, Adeyemi, Afolabi, Ajayi, Akinola, Aliyu, Anyanwu, Balogun, Bello, Chukwu,
        Danjuma, Eze, Ezekwesili, Garba, Ibrahim, Idowu, Igwe, Lawal, Mohammed, Nnamdi, Nwachukwu,
        Nwosu, Obi, Odukoya, Ogunleye, Okafor, Okeke, Okonkwo, Okoro, Olatunji, Onyekachi, Sanni,
        Suleiman, Usman, Uzoma, Yusuf
        """,
    ),
    "japanese": NameTable(
        given="""
        陽菜/Hina, 結衣/Yui, 葵/Aoi, 美咲/Misaki, さくら/Sakura, 凛/Rin, 優子/Yuko, 恵子/Keiko,
        由美/Yumi, 直美/Naomi, 愛/Ai, 彩/Aya, 千尋/Chihiro, 真由美/Mayumi, 花子/Hanako, 翔太/Shota,
        蓮/Ren, 大翔/Hiroto, 健太/Kenta, 拓也/Takuya, 直樹/Naoki, 大輔/Daisuke, 和也/Kazuya, 浩/Hiroshi,
        誠/Makoto, 隆/Takashi, 健一/Kenichi, 悠斗/Yuto, 樹/Itsuki, 剛/Tsuyoshi
        """,
        family="""
        佐藤/Sato, 鈴木/Suzuki, 高橋/Takahashi, 田中/Tanaka, 伊藤/Ito, 渡辺/Watanabe, 山本/Yamamoto,
        中村/Nakamura, 小林/Kobayashi, 加藤/Kato, 吉田/Yoshida, 山田/Yamada, 佐々木/Sasaki,
        山口/Yamaguchi, 松本/Matsumoto, 井上/Inoue, 木村/Kimura, 林/Hayashi, 斎藤/Saito, 清水/Shimizu,
        山崎/Yamazaki, 森/Mori, 池田/Ikeda, 橋本/Hashimoto, 阿部/Abe, 石川/Ishikawa, 前田/Maeda,
        藤田/Fujita, 岡田/Okada, 長谷川/Hasegawa
        """,
        family_first=True,
    ),
    "ukrainian": NameTable(
        given="""
        Анна/Anna, Богдан/Bohdan, Вікторія/Viktoriia, Віталій/Vitalii, Галина/Halyna, Дарина/Daryna,
        Дмитро/Dmytro, Євген/Yevhen, Іван/Ivan, Ірина/Iryna, Катерина/Kateryna, Максим/Maksym,
        Марія/Mariia, Микола/Mykola, Назар/Nazar, Наталія/Nataliia, Оксана/Oksana, Олег/Oleh,
        Олександр/Oleksandr, Олена/Olena, Ольга/Olha, Остап/Ostap, Петро/Petro, Софія/Sofiia,
        Тарас/Taras, Тетяна/Tetiana, Юлія/Yuliia, Юрій/Yurii
        """,
        family="""
        Бондаренко/Bondarenko, Бойко/Boiko, Василенко/Vasylenko, Вовк/Vovk, Гончаренко/Honcharenko,
        Гордієнко/Hordiienko, Данилюк/Danyliuk, Зінченко/Zinchenko, Іваненко/Ivanenko,
        Ковальчук/Kovalchuk, Коваленко/Kovalenko, Кравченко/Kravchenko, Кравчук/Kravchuk,
        Лисенко/Lysenko, Литвин/Lytvyn, Марченко/Marchenko, Мельник/Melnyk, Мороз/Moroz,
        Олійник/Oliinyk, Петренко/Petrenko, Поліщук/Polishchuk, Романюк/Romaniuk, Савченко/Savchenko,
        Ткаченко/Tkachenko, Франко/Franko, Шевченко/Shevchenko, Шевчук/Shevchuk, Ющенко/Yushchenko
        """,
    ),
    "chinese": NameTable(
        given="""
        Wei, Mei, Jia Hui, Jun Jie, Xin Yi, Wei Ming, Li Ting, Kai Wen, Hui Min, Zhi Hao, Yu Xuan,
        Jing Yi, Guo Hao, Shu Fen, Rui En, Yong Sheng, Siew Ling, Boon Keng, Pei Shan, Chee Keong
        """,
        family="""
        Tan, Lim, Lee, Ng, Ong, Wong, Goh, Chua, Chan, Koh, Teo, Ang, Yeo, Tay, Ho, Low, Toh, Sim,
        Chong, Li, Wang, Zhang
        """,
        family_first=True,
    ),
}
